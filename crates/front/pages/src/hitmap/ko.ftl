# 히트맵만 있는 페이지.

map-all-services = 전체 서비스 히트맵
side-keys = 키보드
side-key-axis = 축을 더 세밀하게 또는 넓게
side-key-full = 로그 스케일: 데이터에 맞춤 또는 전체 범위
side-key-move = 셀 이동
side-key-extend = 화살표 키와 함께 선택 넓히기
side-key-open = 트랜잭션 목록 열기
side-key-beside = 첫 목록 옆에 열기
side-key-clear = 최근 선택 해제
